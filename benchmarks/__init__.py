"""How fast kvmlab is, beside its peers, in one run: `./script/bench`.

Everything that is compared is measured in turns, round after round, so that a computer that is busy for a
while slows both. A figure is the median of the rounds. Peers run where they are quickest: on this computer,
inside the lab host's network namespace, so that none needs a hop that kvmlab spares itself.
"""
