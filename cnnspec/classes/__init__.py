"""A class: every submission of a folder checked, trained under the rules and ranked."""
