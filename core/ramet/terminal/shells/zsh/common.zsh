# What the recorded terminal and the hook share.

# Percent-encodes $1 into REPLY.
__ramet_encode() {
    builtin emulate -L zsh -o extended_glob -o no_multibyte
    REPLY=${${${1//\%/%25}//;/%3B}//$'\n'/%0A}
    if [[ $REPLY == *[$'\x01'-$'\x1f'$'\x7f']* ]]; then
        local match MATCH MBEGIN MEND
        REPLY=${REPLY//(#m)[$'\x01'-$'\x1f'$'\x7f']/%${(l:2::0:)$(([##16]#MATCH))}}
    fi
}

# Puts $2 first and $3 last into the hooks $1, where it is not so.
__ramet_surround() {
    builtin emulate -L zsh
    local -a others
    others=(${(P)1})
    others=(${others:#($2|$3)})
    builtin set -A $1 $2 $others $3
}
