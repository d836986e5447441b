"""Edges: what other programs write or call, read as batches of scored samples.

One file for each foreign format or library. Followers read files that trainers already write and
need none of those libraries.
"""
