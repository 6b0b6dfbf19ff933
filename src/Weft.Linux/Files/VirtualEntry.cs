namespace Weft.Linux.Files;

/// <summary>An entry of a virtual directory.</summary>
/// <param name="Name">The name, without slashes.</param>
/// <param name="Kind">What it is, for d_type.</param>
public readonly record struct VirtualEntry(string Name, VirtualNodeKind Kind);
