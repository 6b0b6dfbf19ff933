namespace Weft.Vm.Registry;

/// <summary>What a running VM shares with another one.</summary>
/// <param name="With">The other VM's process id.</param>
/// <param name="Memory">Whether that VM has a grant: it may map all of this one's memory.</param>
/// <param name="Files">Files, memfds and System V segments that both have mapped shared and writable, by name, in order.</param>
public sealed record VmShare(int With, bool Memory, IReadOnlyList<string> Files);
