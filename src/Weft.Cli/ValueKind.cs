namespace Weft.Cli;

/// <summary>What the value of an option names, for completion.</summary>
public enum ValueKind
{
    /// <summary>Free text.</summary>
    Text,

    /// <summary>A file.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,
}
