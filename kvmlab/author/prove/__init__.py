"""Proving a lab on real lab hosts: `plans` says what, `run` carries all cases out, `judgement` says what came of it."""
