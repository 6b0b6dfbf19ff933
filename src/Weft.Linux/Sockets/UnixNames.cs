using System.Text;

namespace Weft.Linux.Sockets;

/// <summary>
/// Names of Unix sockets that the host knows by another name than the program: a path relative to a working
/// directory that isn't the VMM's, or below a root of the VM's own.
/// </summary>
/// <remarks>Thread-safe. Kept in the VM: another VM sees the host's name.</remarks>
internal sealed class UnixNames
{
    private const int Most = 4096;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, byte[]> _guestNames = [];
    private int _nextAutomatic;

    /// <summary>Remembers that the host's name is this one of the program's.</summary>
    internal void Add(ReadOnlySpan<byte> hostName, byte[] guestName)
    {
        lock (_lock)
        {
            if (_guestNames.Count == Most)
                _guestNames.Clear();
            _guestNames[Encoding.Latin1.GetString(hostName)] = guestName;
        }
    }

    /// <summary>The program's name for a host's, or null when it is the same.</summary>
    internal byte[]? Find(ReadOnlySpan<byte> hostName)
    {
        lock (_lock)
            return _guestNames.Count == 0 ? null : _guestNames.GetValueOrDefault(Encoding.Latin1.GetString(hostName));
    }

    /// <summary>All names: the host's, a char a byte, and the program's.</summary>
    internal (string Host, byte[] Guest)[] ToArray()
    {
        lock (_lock)
            return [.. _guestNames.Select(static pair => (pair.Key, pair.Value))];
    }

    /// <summary>A number for the next automatic abstract name.</summary>
    internal int NextAutomatic() => Interlocked.Increment(ref _nextAutomatic) & 0xfffff;
}
