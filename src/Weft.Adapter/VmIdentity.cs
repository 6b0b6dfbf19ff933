namespace Weft.Adapter;

/// <summary>Who a VM is, for people.</summary>
/// <param name="ProcessId">Its VMM's process id, as the host's kernel vouches for it.</param>
/// <param name="Name">The name that its user gave it, or "".</param>
/// <param name="Program">The program's name.</param>
public sealed record VmIdentity(int ProcessId, string Name, string Program);
