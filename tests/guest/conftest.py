from tests.remote.conftest import key

__all__ = ["key"]
