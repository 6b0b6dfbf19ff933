namespace Weft.Fabric.Security;

/// <summary>A peer is no member of the cluster, or no peer at all. The message is one line for the log.</summary>
public sealed class LinkRefusedException(string message) : Exception(message);
