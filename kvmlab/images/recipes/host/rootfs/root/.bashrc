# Interactive shells of the lab host.
case $- in *i*) ;; *) return ;; esac
PS1='\[\e[1m\]\h\[\e[0m\]:\W# '
HISTCONTROL=ignoredups
shopt -s checkwinsize histappend
alias ls='ls --color=auto' ll='ls -l' grep='grep --color=auto'
export EDITOR="${EDITOR:-nano}"
export LIBVIRT_DEFAULT_URI=qemu:///system
[ -r /usr/share/bash-completion/bash_completion ] && . /usr/share/bash-completion/bash_completion
