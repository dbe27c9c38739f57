# Read by zsh first in a recorded terminal, because ZDOTDIR leads here; from here on zsh reads the files of the user as ever.
typeset -g __ramet_nonce=$RAMET_NONCE __ramet_folder=$RAMET_SHELLS
if [[ -n ${RAMET_ZDOTDIR+set} ]]; then
    export ZDOTDIR=$RAMET_ZDOTDIR
else
    unset ZDOTDIR
fi
unset RAMET_NONCE RAMET_SHELLS RAMET_ZDOTDIR RAMET_LOGIN
{
    [[ ! -r ${ZDOTDIR-$HOME}/.zshenv ]] || builtin source ${ZDOTDIR-$HOME}/.zshenv
} always {
    if [[ -o interactive ]]; then
        builtin source $__ramet_folder/zsh/common.zsh
        builtin source $__ramet_folder/zsh/marks.zsh
    fi
    unset __ramet_folder
}
