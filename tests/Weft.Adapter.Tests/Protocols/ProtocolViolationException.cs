namespace Weft.Adapter.Tests.Protocols;

/// <summary>What a simulation found.</summary>
internal sealed class ProtocolViolationException(string what) : Exception(what);
