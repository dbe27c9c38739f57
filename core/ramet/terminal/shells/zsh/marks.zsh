# Marks prompts, commands and their ends in the output of the terminal; see ramet/terminal/marks.py.

__ramet_announce() {
    builtin emulate -L zsh
    local REPLY folder line=${1:-$3}
    __ramet_encode $PWD
    folder=$REPLY
    __ramet_is_open=1
    if [[ $line == [[:space:]]* ]]; then
        builtin printf '\e]133;C\e\\\e]7717;%s;W;%s\e\\' $__ramet_nonce $folder
    else
        __ramet_encode $line
        builtin printf '\e]133;C\e\\\e]7717;%s;C;%s;%s\e\\' $__ramet_nonce $folder $REPLY
    fi
}

# First of the hooks before a prompt: the command is done, before anything else is printed.
__ramet_begin() {
    local -i code=$?
    if (( __ramet_is_open )); then
        builtin printf '\e]7717;%s;D;%d\e\\\e]133;D;%d\e\\' $__ramet_nonce $code $code
        __ramet_is_open=0
    fi
}

# Last of them: put back what others have overwritten, and say where the prompt is.
__ramet_end() {
    builtin emulate -L zsh
    local REPLY
    __ramet_surround precmd_functions __ramet_begin __ramet_end
    preexec_functions=(${preexec_functions:#__ramet_announce} __ramet_announce)
    # Before this zsh shows that the output had no line end, which is not of the command any more.
    if [[ ${PROMPT_EOL_MARK-} != *$__ramet_nonce* ]]; then
        PROMPT_EOL_MARK=$'%{\e]7717;'$__ramet_nonce$';E\e\\%}'${PROMPT_EOL_MARK-%B%S%#%s%b}
    fi
    [[ $PS1 == *'133;B'* ]] || PS1+=$'%{\e]133;B\a%}'
    __ramet_encode $PWD
    builtin printf '\e]7717;%s;P;%s\e\\\e]133;A\e\\' $__ramet_nonce $REPLY
}

# The first prompt comes after all files of the user.
__ramet_install() {
    precmd_functions=(${precmd_functions:#__ramet_install})
    __ramet_end
}

typeset -gi __ramet_is_open=0
typeset -ga precmd_functions preexec_functions
precmd_functions+=(__ramet_install)
