"""`make up` and its sisters: plain Python of the system, for a machine that has nothing else yet."""
