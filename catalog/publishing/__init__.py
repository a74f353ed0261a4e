"""The way of a publication: what is compiled, what is planned of it, and the transaction that puts it in force."""
