"""Watching a run: is pushing the proxy further still paying, and when did it stop?

Batches of scored samples come in, a few of them are drawn for a gold label with recorded chances,
and detectors fold both into states. Every red signal carries a bound on its false alarms over the
whole run; what can be said from proxies alone is amber and asks for labels.
"""
