# What the recorded terminal and the hook share: the last command of the history, and hooks that stay around those of others.
# Works with bash 3.2. Names begin with __ramet_; nothing here is exported, and nothing reads from the folder it runs in.

# Percent-encodes $1 into __ramet_encoded.
__ramet_encode() {
    local LC_ALL=C text=${1//[%]/%25} i char
    text=${text//;/%3B}
    text=${text//$'\n'/%0A}
    text=${text//$'\t'/%09}
    case $text in
        *[$'\001'-$'\037'$'\177']*)
            __ramet_encoded=
            for ((i = 0; i < ${#text}; i++)); do
                char=${text:i:1}
                case $char in
                    [$'\001'-$'\037'$'\177']) printf -v char '%%%02X' "'$char" ;;
                esac
                __ramet_encoded+=$char
            done
            ;;
        *) __ramet_encoded=$text ;;
    esac
}

# Splits the newest entry of the history into __ramet_number and __ramet_line.
__ramet_newest() {
    if [[ -n $__ramet_scratch ]] && HISTTIMEFORMAT= builtin history 1 2>/dev/null >|"$__ramet_scratch"; then
        IFS= read -r -d '' __ramet_line <"$__ramet_scratch"
        : >|"$__ramet_scratch"
        while [[ $__ramet_line == *$'\n' ]]; do __ramet_line=${__ramet_line%$'\n'}; done
    else
        __ramet_line=$(HISTTIMEFORMAT= builtin history 1)
    fi
    __ramet_line=${__ramet_line#"${__ramet_line%%[! ]*}"}
    __ramet_number=${__ramet_line%%[!0-9]*}
    __ramet_line=${__ramet_line#"$__ramet_number"}
    __ramet_line=${__ramet_line:2} # a blank or a star, and a blank
}

# Chooses a file in memory that only the user can read, for what a builtin prints: a process for it takes milliseconds.
__ramet_choose_scratch() {
    local folder
    for folder in "${XDG_RUNTIME_DIR-}" /dev/shm; do
        [[ -d $folder && -w $folder ]] || continue
        __ramet_scratch=$folder/ramet-$$
        # Whoever made it first would read it: it is either made here, or left by an older shell of the user.
        (umask 077 && set -o noclobber && : >"$__ramet_scratch") 2>/dev/null
        [[ -f $__ramet_scratch && -O $__ramet_scratch && ! -L $__ramet_scratch ]] && return
    done
    __ramet_scratch=
}

# Whether the newest entry is the command line that runs: one that the history ignores, such as one with a leading space, is not in it.
__ramet_is_recorded() {
    __ramet_newest
    case $__ramet_line in [[:space:]]*) return 1 ;; esac
    [[ -n $__ramet_number && -n $__ramet_next ]] || return 1
    ((__ramet_number >= __ramet_next)) && return 0
    # With erasedups the number of entries may stay the same.
    [[ :$HISTCONTROL: == *:erasedups:* && $(HISTTIMEFORMAT='%s ' builtin history 1) != "$__ramet_newest_before" ]]
}

# Remembers, before a prompt, which number the next entry of the history gets.
__ramet_remember() {
    # An ignored duplicate cannot be told from a command that is kept out of the history, so duplicates are taken out here.
    case :$HISTCONTROL: in
        *:ignoreboth:*) HISTCONTROL=${HISTCONTROL//ignoreboth/ignorespace} __ramet_drops_duplicates=1 ;;
        *:ignoredups:*) HISTCONTROL=${HISTCONTROL//ignoredups/} __ramet_drops_duplicates=1 ;;
    esac
    case :$HISTCONTROL: in *:erasedups:*) __ramet_newest_before=$(HISTTIMEFORMAT='%s ' builtin history 1) ;; esac
    __ramet_number=0
    if ((__ramet_version >= 404)); then
        # Before the prompt this is the number of the newest entry, and 1 without any; it costs no process, as asking would.
        __ramet_number='\!'
        __ramet_number=${__ramet_number@P}
    fi
    ((__ramet_number > 1)) || __ramet_newest
    __ramet_next=$((${__ramet_number:-0} + 1))
}

# Takes the entry $1 out of the history when its line $2 repeats the one before, as HISTCONTROL asked for.
__ramet_drop_duplicate() {
    if [[ -n $__ramet_drops_duplicates && -n $2 && $2 == "$__ramet_previous" ]]; then
        builtin history -d "$1" 2>/dev/null
    else
        __ramet_previous=$2
    fi
}

# Stands where a hook stood: the exit code goes through.
__ramet_pass() {
    return
}

# Puts __ramet_begin first and __ramet_end last into PROMPT_COMMAND, again and again, for others do the same.
__ramet_surround() {
    # bash-preexec must stay last: what comes after it counts as the next command. While it installs itself, it is not.
    ! declare -F __bp_interactive_mode >/dev/null || __bp_interactive_mode
    local last=__ramet_end end=__ramet_end
    if ((__ramet_version < 500)); then
        # A function does not see the DEBUG trap.
        end='__ramet_theirs=$(trap -p DEBUG)'$'\n'__ramet_end last=$end
    fi
    case ${PROMPT_COMMAND-} in *__bp_interactive_mode*) last= ;; esac
    if ((__ramet_version >= 501)) && [[ ${PROMPT_COMMAND@a} == *a* ]]; then
        local -a kept=()
        local each
        for each in "${PROMPT_COMMAND[@]}"; do
            case $each in __ramet_begin | __ramet_end) continue ;; esac
            each=${each//__ramet_begin/__ramet_pass}
            each=${each//__ramet_end/__ramet_pass}
            case $each in
                *__bp_interactive_mode*)
                    each=${each/__bp_interactive_mode/$'__ramet_end\n__bp_interactive_mode'}
                    last=
                    ;;
            esac
            [[ $each == __ramet_pass ]] || kept+=("$each")
        done
        PROMPT_COMMAND=(__ramet_begin ${kept[@]+"${kept[@]}"} $last)
        return
    fi
    case ${PROMPT_COMMAND-} in
        __ramet_begin$'\n'*$'\n'__ramet_end) return ;;
        __ramet_begin$'\n'*__ramet_end$'\n'__bp_interactive_mode) return ;;
    esac
    local between=${PROMPT_COMMAND-}
    between=${between//__ramet_begin/__ramet_pass}
    between=${between//'__ramet_theirs=$(trap -p DEBUG)'/__ramet_pass}
    between=${between//__ramet_end/__ramet_pass}
    between=${between:-__ramet_pass}
    if [[ -z $last ]]; then
        between=${between/__bp_interactive_mode/"$end"$'\n'__bp_interactive_mode}
        PROMPT_COMMAND="__ramet_begin"$'\n'"$between"
    else
        PROMPT_COMMAND="__ramet_begin"$'\n'"$between"$'\n'"$last"
    fi
}

# Instead of PS0, which bash has since 4.4: calls __ramet_before for the first simple command after a prompt.
__ramet_trap() {
    local theirs=$__ramet_theirs
    case $theirs in
        *__ramet_debug*) return ;;
        "") trap '__ramet_debug' DEBUG ;;
        *)
            theirs=${theirs#"trap -- '"}
            theirs=${theirs%"' DEBUG"}
            trap "__ramet_debug; ${theirs//"'\\''"/"'"}" DEBUG
            ;;
    esac
}

__ramet_debug() {
    local code=$?
    # A trap that a function sets is called in the rest of that function too.
    if [[ ${#FUNCNAME[@]} == 1 && -n $__ramet_is_ready && -z ${COMP_LINE-} && $BASH_COMMAND != __ramet_begin* ]]; then
        __ramet_is_ready=
        __ramet_before
    fi
    return "$code"
}

__ramet_version=$((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]))
__ramet_next= __ramet_number= __ramet_line= __ramet_encoded= __ramet_previous= __ramet_newest_before= __ramet_is_ready= __ramet_theirs= __ramet_drops_duplicates=
__ramet_choose_scratch
