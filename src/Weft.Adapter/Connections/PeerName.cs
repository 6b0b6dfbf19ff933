namespace Weft.Adapter.Connections;

/// <summary>An endpoint anywhere: the host by the links' number, 0 for this one, and its number there, 0 while not known.</summary>
public readonly record struct PeerName(uint Host, uint Endpoint);
