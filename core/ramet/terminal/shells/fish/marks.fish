# Marks prompts, commands and their ends in the output of the terminal; see ramet/terminal/marks.py.
set -g __ramet_nonce $RAMET_NONCE
set -e RAMET_NONCE
set -e RAMET_SHELLS
set -e RAMET_LOGIN

function __ramet_announce --on-event fish_preexec
    set -l folder (string escape --style=url -- $PWD)
    if string match -qr '^\s' -- $argv[1]
        printf '\e]133;C\e\\\\\e]7717;%s;W;%s\e\\\\' $__ramet_nonce $folder
    else
        printf '\e]133;C\e\\\\\e]7717;%s;C;%s;%s\e\\\\' $__ramet_nonce $folder (string escape --style=url -- $argv[1] | string join '%0A')
    end
end

function __ramet_begin --on-event fish_postexec
    set -l code $status
    printf '\e]7717;%s;D;%s\e\\\\\e]133;D;%s\e\\\\' $__ramet_nonce $code $code
end

function __ramet_end --on-event fish_prompt
    printf '\e]7717;%s;P;%s\e\\\\\e]133;A\e\\\\' $__ramet_nonce (string escape --style=url -- $PWD)
end
