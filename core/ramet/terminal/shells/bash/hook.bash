# Writes down each command with its folder, exit code and time, in a file that Ramet reads later; $__ramet_spool names its folder.

# The time in microseconds; without EPOCHREALTIME, which bash has since 5.0, in whole seconds since the hook began.
__ramet_now() {
    if ((__ramet_version >= 500)); then
        __ramet_time=${EPOCHREALTIME/[.,]/}
    else
        __ramet_time=$(((__ramet_epoch + SECONDS) * 1000000))
    fi
}

__ramet_begin() {
    local code=$? folder spent
    __ramet_is_ready=
    if [[ -n $__ramet_started ]]; then
        if __ramet_is_recorded; then
            __ramet_now
            spent=$((__ramet_time - __ramet_started))
            __ramet_encode "$__ramet_folder"
            folder=$__ramet_encoded
            __ramet_encode "$__ramet_line"
            printf '%d.%06d %d.%06d %d %s %s bash\n' $((__ramet_started / 1000000)) $((__ramet_started % 1000000)) \
                $((spent / 1000000)) $((spent % 1000000)) "$code" "${folder// /%20}" "${__ramet_encoded// /%20}" \
                2>/dev/null >>"$__ramet_file"
            __ramet_drop_duplicate "$__ramet_number" "$__ramet_line"
        fi
        __ramet_started=
    fi
    return "$code"
}

__ramet_end() {
    local code=$?
    __ramet_surround
    __ramet_remember
    if ((__ramet_version >= 500)); then
        # The offset is computed in this shell, so that the time stays; nothing is printed.
        case ${PS0-} in
            *__ramet_started*) ;;
            *) PS0=${PS0-}'${__ramet_nothing:$((__ramet_started = ${EPOCHREALTIME/[.,]/})):0}' ;;
        esac
    else
        __ramet_trap
    fi
    __ramet_folder=$PWD
    __ramet_is_ready=1
    return "$code"
}

__ramet_before() {
    __ramet_now
    __ramet_started=$__ramet_time
}

__ramet_started= __ramet_nothing= __ramet_file=$__ramet_spool/hook-$$.log
((__ramet_version >= 500)) || __ramet_epoch=$(($(date +%s) - SECONDS))
__ramet_mask=$(umask)
umask 077
: >>"$__ramet_file"
umask "$__ramet_mask"
unset __ramet_mask
__ramet_surround
