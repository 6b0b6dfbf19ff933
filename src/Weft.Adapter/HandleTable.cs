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

    internal T? Find(uint handle) => _objects.GetValueOrDefault(handle);

    internal void Clear() => _objects.Clear();

    internal bool Remove(uint handle) => _objects.Remove(handle);
}
