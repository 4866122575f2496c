"""Mappings that misbehave."""

import collections


class Failing(collections.UserDict):
    """Raises `error`, an exception or its type, from the method named `method`."""

    def __init__(self, content, method, error):
        super().__init__(content)
        self.method = method
        self.error = error

    def fail(self, method):
        if method == self.__dict__.get("method"):
            raise self.error

    def __contains__(self, name):
        self.fail("__contains__")
        return super().__contains__(name)

    def __getitem__(self, name):
        self.fail("__getitem__")
        return super().__getitem__(name)

    def __iter__(self):
        self.fail("__iter__")
        return super().__iter__()
