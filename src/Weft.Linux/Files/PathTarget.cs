using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>
/// A resolved path: a directory descriptor and a name to hand to one of the host's *at calls, or what the VM's
/// own view has there. Valid until disposed of, and until the scratch memory's path areas are used again.
/// </summary>
internal ref struct PathTarget
{
    private FileLease _lease;

    // One more than the descriptor to close: default(PathTarget), which a failed resolution leaves, owns nothing.
    private int _ownedPlusOne;

    /// <summary>The host's directory descriptor; the object itself when <see cref="IsObject"/>.</summary>
    internal int Directory { get; private set; }

    /// <summary>Host address of the name below <see cref="Directory"/>; of "" for the object itself.</summary>
    internal long Name { get; private set; }

    /// <summary><see cref="Directory"/> is the object: AT_EMPTY_PATH serves.</summary>
    internal bool IsObject { get; private set; }

    /// <summary>The mount; null for a descriptor from outside.</summary>
    internal Mount? Mount { get; private set; }

    /// <summary>What the VM's own view has instead of a host file.</summary>
    internal VirtualNode? Node { get; private set; }

    /// <summary>The path of <see cref="Node"/>.</summary>
    internal string VirtualPath { get; private set; }

    /// <summary>Something is mounted here: EBUSY for who would move or remove it.</summary>
    internal bool IsMountPoint { get; private set; }

    /// <summary>AT_EMPTY_PATH for the object itself, else 0.</summary>
    internal readonly int EmptyPathFlag => IsObject ? OpenFlags.AtEmptyPath : 0;

    /// <summary>Whether changes are EROFS.</summary>
    internal readonly bool IsReadOnly => Mount is { IsReadOnly: true };

    /// <summary>A name below a descriptor that the guest holds, or the object when the name is empty. Takes the lease.</summary>
    internal static PathTarget Below(FileLease lease, int directory, long name, bool isObject, Mount? mount) =>
        new() { _lease = lease, Directory = directory, Name = name, IsObject = isObject, Mount = mount, VirtualPath = "" };

    /// <summary>What a walk has found. Takes the descriptor.</summary>
    internal static PathTarget Found(PathWalker walker, NativeBuffer scratch, int nameOffset, bool isObject)
    {
        PathLevel level = walker.Current;
        int host = level.Host < 0 ? -1 : walker.TakeHost();
        return new PathTarget
        {
            _ownedPlusOne = host + 1,
            Directory = host,
            Name = PathScratch.Put(scratch, nameOffset, isObject ? "" : walker.LastName),
            IsObject = isObject,
            Mount = level.Mount,
            Node = isObject || host < 0 ? level.Node : null,
            VirtualPath = level.Path,
            IsMountPoint = !isObject && walker.LastIsMount,
        };
    }

    /// <summary>An object that the caller opened. Takes the descriptor.</summary>
    internal static PathTarget Owned(int host, NativeBuffer scratch, int nameOffset, Mount? mount) => new()
    {
        _ownedPlusOne = host + 1,
        Directory = host,
        Name = PathScratch.Put(scratch, nameOffset, ""),
        IsObject = true,
        Mount = mount,
        VirtualPath = "",
    };

    /// <summary>Gives the descriptor to the caller.</summary>
    internal int TakeOwned()
    {
        int host = _ownedPlusOne - 1;
        _ownedPlusOne = 0;
        return host;
    }

    /// <summary>Closes what resolution opened.</summary>
    public void Dispose()
    {
        _lease.Dispose();
        if (_ownedPlusOne > 0)
            HostFile.Close(_ownedPlusOne - 1);
        _ownedPlusOne = 0;
    }
}
