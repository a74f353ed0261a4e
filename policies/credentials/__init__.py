"""How credentials are read and proved: what the policies `authentication` and `sender-constraint` stand on."""
