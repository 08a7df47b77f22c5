"""The Kubernetes API. This room is empty yet: its place is kept for the list+watch reflector that reads ConfigMaps.

Rule: knows lists, watches, resource versions and credentials, and hands over texts as ``catalog.Document``; what is in
them, and what follows from it, is decided in other rooms. The only room that imports ``kubernetes_asyncio``.
"""
