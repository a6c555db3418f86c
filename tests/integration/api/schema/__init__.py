"""/openapi.json against one running API; what takes seconds to start is started once."""
