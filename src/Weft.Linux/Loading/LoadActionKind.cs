namespace Weft.Linux.Loading;

/// <summary>What a loader does in one step of a <see cref="LoadPlan"/>.</summary>
public enum LoadActionKind
{
    /// <summary>Map the file's pages private at the address, replacing what is mapped there.</summary>
    MapFile,

    /// <summary>Write zeros: the rest of a writable segment's last file page.</summary>
    Zero,

    /// <summary>Map zeroed pages private at the address, replacing what is mapped there.</summary>
    MapAnonymous,
}
