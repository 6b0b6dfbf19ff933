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

    /// <summary>
    /// The page is the shared arena's own, at the arena's offset, and not a file's that is mapped over it: another VM of the
    /// group finds it in the arena's file. Kept when the access changes.
    /// </summary>
    Plain = 16,
}
