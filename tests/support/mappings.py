"""Mappings that are no dicts, or misbehave."""

import collections


def other_mapping(one):
    """`one`, a dict, and the dicts in it, as mappings that are no dicts."""
    return collections.UserDict(
        {key: other_mapping(each) if isinstance(each, dict) else each for key, each in one.items()}
    )


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


class Trap:
    """Calls `action` the n-th time, from 0, that it is stepped on after it was armed."""

    def __init__(self):
        self.steps_left = self.action = None

    def arm(self, nth, action):
        self.steps_left = nth
        self.action = action

    @property
    def was_sprung(self):
        return self.steps_left < 0

    def step(self):
        if self.action is not None:
            self.steps_left -= 1
            if self.steps_left == -1:
                self.action()


class TrappedMapping(collections.UserDict):
    """Steps on its trap in all of its methods."""

    def __init__(self, content, trap):
        self.trap = trap
        self.data = dict(content)

    def __contains__(self, name):
        self.trap.step()
        return name in self.data

    def __getitem__(self, name):
        self.trap.step()
        return self.data[name]

    def __iter__(self):
        self.trap.step()
        for name in list(self.data):
            self.trap.step()
            yield name

    def keys(self):
        self.trap.step()
        return super().keys()

    def __len__(self):
        self.trap.step()
        return len(self.data)


class TrappedKey:
    """A key that collides with `name`, and steps on its trap when the two are compared."""

    def __init__(self, name, trap):
        self.hash = hash(name)
        self.trap = trap

    def __hash__(self):
        return self.hash

    def __eq__(self, other):
        if self is not other:
            self.trap.step()
        return self is other


def with_trapped_keys(content, trap):
    """An exact dict with the items of `content`, in which a look-up runs into trapped keys."""
    names = {*content, "kinesis", "Data", "data", "sequenceNumber", "explicitHashKey"}
    return {TrappedKey(name, trap): None for name in sorted(names)} | content


def trap_everywhere(wrap, record, trap):
    """`record` and the mapping inside it, if any, each made by `wrap(content, trap)`."""
    content = {
        key: wrap(value, trap) if isinstance(value, dict) else value
        for key, value in record.items()
    }
    return wrap(content, trap)


def content_of(trapped):
    """The dict behind what trap_everywhere has made, to be read without a step on the trap."""
    return trapped.data if isinstance(trapped, TrappedMapping) else trapped


def contents_of(trapped):
    """The same, and that of the mapping inside."""
    contents = [content_of(trapped), *map(content_of, content_of(trapped).values())]
    return [each for each in contents if isinstance(each, dict)]
