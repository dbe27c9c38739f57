# Writes down each command with its folder, exit code and time, in a file that Ramet reads later; $__ramet_spool names its folder.

__ramet_announce() {
    typeset -g __ramet_line=${1:-$3} __ramet_folder=$PWD
    typeset -gF __ramet_started=$EPOCHREALTIME
}

__ramet_begin() {
    local -i code=$?
    builtin emulate -L zsh
    if [[ -n $__ramet_line ]]; then
        if [[ $__ramet_line != [[:space:]]* ]]; then
            local REPLY folder
            local -F spent
            (( spent = EPOCHREALTIME - __ramet_started ))
            __ramet_encode $__ramet_folder
            folder=${REPLY// /%20}
            __ramet_encode $__ramet_line
            LC_NUMERIC=C builtin printf '%.6f %.6f %d %s %s zsh\n' $__ramet_started $spent $code $folder ${REPLY// /%20} \
                2>/dev/null >>| $__ramet_file
        fi
        __ramet_line=
    fi
}

__ramet_end() {
    __ramet_surround precmd_functions __ramet_begin __ramet_end
    preexec_functions=(${preexec_functions:#__ramet_announce} __ramet_announce)
}

zmodload zsh/datetime
typeset -g __ramet_line= __ramet_file=$__ramet_spool/hook-$$.log
typeset -ga precmd_functions preexec_functions
() {
    local mask=$(umask)
    umask 077
    : >>| $__ramet_file
    umask $mask
}
__ramet_end
