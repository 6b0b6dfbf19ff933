namespace Weft.Linux.Files;

/// <summary>A reference to a file for the length of a system call: `using FileLease file = thread.Files.Rent(fd);`.</summary>
public readonly ref struct FileLease
{
    private readonly FileDescription? _description;

    internal FileLease(FileDescription? description) => _description = description;

    /// <summary>False when the guest descriptor is not open: EBADF.</summary>
    public bool IsOpen => _description is not null;

    /// <summary>The file. Only when <see cref="IsOpen"/>.</summary>
    public FileDescription Description => _description!;

    /// <summary>The host's descriptor, valid until the lease ends. Only when <see cref="IsOpen"/>.</summary>
    public int Host => _description!.Host;

    /// <summary>Gives the reference back.</summary>
    public void Dispose() => _description?.Release();
}
