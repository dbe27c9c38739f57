# Writes down each command with its folder, exit code and time, in a file that Ramet reads later; $__ramet_spool names its folder.
set -g __ramet_file $__ramet_spool/hook-$fish_pid.log
set -g __ramet_stamp $__ramet_spool/hook-$fish_pid.stamp

# The time in seconds: that of a file that is written to, because fish has no clock and starting a process takes long.
function __ramet_now
    true >$__ramet_stamp
    path mtime $__ramet_stamp 2>/dev/null; or date +%s
end

function __ramet_announce --on-event fish_preexec
    set -g __ramet_started (__ramet_now)
    set -g __ramet_folder (string escape --style=url -- $PWD)
end

function __ramet_begin --on-event fish_postexec
    set -l code $status
    string match -qr '^\s' -- $argv[1]; and return
    set -q __ramet_started; or return
    set -l spent (math --scale=3 $CMD_DURATION / 1000)
    set -l line (string escape --style=url -- $argv[1] | string join '%0A')
    echo "$__ramet_started $spent $code $__ramet_folder $line fish" 2>/dev/null >>$__ramet_file
end

begin
    set -l mask (umask)
    umask 077
    true >>$__ramet_file
    umask $mask
end
