[ -n "$BASH_VERSION" ] && . /root/.bashrc
