namespace Weft.Linux.Tests.Loading;

/// <summary>What Linux does with a file that is started.</summary>
internal enum Native
{
    /// <summary>It runs.</summary>
    Runs,

    /// <summary>ENOEXEC.</summary>
    NotExecutable,

    /// <summary>EIO.</summary>
    IoError,

    /// <summary>The fault is found after the old image is gone: SIGSEGV.</summary>
    Dies,

    /// <summary>Depends on privileges or is refused by us alone; not compared.</summary>
    Unlike,
}
