# Interactive shells of the guest.
case $- in *i*) ;; *) return ;; esac
PS1='\u@\h:\w# '
alias ls='ls --color=auto' ll='ls -l'
[ -r /usr/share/bash-completion/bash_completion ] && . /usr/share/bash-completion/bash_completion
