namespace Weft.Machine;

/// <summary>What ring 3 may do with a page. A page without <see cref="Read"/> is not present.</summary>
[Flags]
public enum PageAccess
{
    /// <summary>Not present.</summary>
    None = 0,

    /// <summary>Loads.</summary>
    Read = 1,

    /// <summary>Stores; x86 implies loads.</summary>
    Write = 2,

    /// <summary>Instruction fetches; x86 implies loads.</summary>
    Execute = 4,

    /// <summary>Ring 0 only: the entry stubs' tables and stacks.</summary>
    Supervisor = 8,
}
