namespace Weft.Adapter;

/// <summary>Objects of a context by handle. A handle is never used again while the context lives.</summary>
internal sealed class HandleTable<T> where T : class
{
    private readonly Dictionary<uint, T> _objects = [];
    private uint _last;

    internal int Count => _objects.Count;

    internal IEnumerable<T> All => _objects.Values;

    /// <summary>Adds an object; the first handle is 1.</summary>
    internal uint Add(T item)
    {
        while (!_objects.TryAdd(++_last, item) || _last == 0)
        {
        }
        return _last;
    }

    /// <summary>Up to so many of them, which may be removed meanwhile.</summary>
    internal KeyValuePair<uint, T>[] Some(int most) => _objects.Count == 0 || most == 0 ? [] : [.. _objects.Take(most)];

    internal T? Find(uint handle) => _objects.GetValueOrDefault(handle);

    internal bool Remove(uint handle) => _objects.Remove(handle);
}
