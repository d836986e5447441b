"""The page of a watch: a web server that reads the store and shows what it says.

It computes no state: what stands on the page is what the collector has written. Answers of people
go to the collector through a spool, as everything does. Needs the ``dash`` extra.
"""
