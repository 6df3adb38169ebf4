"""Decision procedures for identities, inequalities and orders: one module an engine, or a part of one."""
