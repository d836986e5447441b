"""One small pure function per data check; ``overopt.auditing.data_findings`` runs them all."""
