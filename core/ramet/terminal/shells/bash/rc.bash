# Read by bash in place of ~/.bashrc in a recorded terminal: the user's files first, then the marks.
__ramet_nonce=$RAMET_NONCE
__ramet_folder=$RAMET_SHELLS
__ramet_is_login=$RAMET_LOGIN
unset RAMET_NONCE RAMET_SHELLS RAMET_LOGIN
if [[ -n $__ramet_is_login ]]; then
    [[ -r /etc/profile ]] && . /etc/profile
    for __ramet_file in ~/.bash_profile ~/.bash_login ~/.profile; do
        if [[ -r $__ramet_file ]]; then
            . "$__ramet_file"
            break
        fi
    done
    unset __ramet_file
elif [[ -r ~/.bashrc ]]; then
    . ~/.bashrc
fi
. "$__ramet_folder/bash/common.bash"
. "$__ramet_folder/bash/marks.bash"
unset __ramet_folder __ramet_is_login
