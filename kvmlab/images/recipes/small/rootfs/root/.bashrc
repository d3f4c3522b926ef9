# Interactive shells of the guest.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
case $- in *i*) ;; *) return ;; esac
PS1='\u@\h:\w# '
alias ll='ls -l'
