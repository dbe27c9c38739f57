# Marks prompts, commands and their ends in the output of the terminal; see ramet/terminal/marks.py.

# Prints, or with PS0 lets bash print, that a command begins.
__ramet_announce() {
    local folder
    __ramet_encode "$PWD"
    folder=$__ramet_encoded
    if __ramet_is_recorded; then
        __ramet_encode "$__ramet_line"
        printf '\e]133;C\e\\\e]7717;%s;C;%s;%s\e\\' "$__ramet_nonce" "$folder" "$__ramet_encoded"
    else
        printf '\e]133;C\e\\\e]7717;%s;W;%s\e\\' "$__ramet_nonce" "$folder"
    fi
}

# First in PROMPT_COMMAND: the command is done, before anything else is printed.
__ramet_begin() {
    local code=$?
    __ramet_is_ready=
    if [[ -n $__ramet_mark ]]; then
        printf '\e]7717;%s;D;%s\e\\\e]133;D;%s\e\\' "$__ramet_nonce" "$code" "$code"
        case $__ramet_mark in
            *";C;"*";"*) __ramet_drop_duplicate "$__ramet_next" "${__ramet_mark##*;}" ;;
        esac
        __ramet_mark=
    fi
    return "$code"
}

# Last in PROMPT_COMMAND: put back what others have overwritten, and say where the prompt is.
__ramet_end() {
    local code=$?
    __ramet_surround
    __ramet_remember
    if ((__ramet_version >= 404)); then
        # The assignment keeps the mark for __ramet_begin; the output goes to the terminal.
        case ${PS0-} in *__ramet_mark*) ;; *) PS0=${PS0-}'${__ramet_mark:=$(__ramet_announce)}' ;; esac
    else
        __ramet_trap
    fi
    case ${PS1-} in *'133;B'*) ;; *) PS1=${PS1-}'\[\e]133;B\a\]' ;; esac
    __ramet_encode "$PWD"
    printf '\e]7717;%s;P;%s\e\\\e]133;A\e\\' "$__ramet_nonce" "$__ramet_encoded"
    __ramet_is_ready=1
    return "$code"
}

# Where there is no PS0.
__ramet_before() {
    __ramet_mark=$(__ramet_announce)
    printf '%s' "$__ramet_mark"
}

__ramet_mark=
__ramet_surround
