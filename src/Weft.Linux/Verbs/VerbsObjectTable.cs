using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>A context's handles: one number space for all kinds, as Linux has it. 0 stands for nothing.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class VerbsObjectTable
{
    private readonly Lock _lock = new();
    private readonly List<VerbsObject?> _objects = [null];
    private readonly Stack<uint> _free = new();
    private readonly HashSet<VerbsObject> _ending = [];

    /// <summary>Gives an object a handle.</summary>
    internal void Add(VerbsObject added)
    {
        lock (_lock)
        {
            if (_free.TryPop(out uint handle))
                _objects[(int)handle] = added;
            else
            {
                handle = (uint)_objects.Count;
                _objects.Add(added);
            }
            added.Handle = handle;
        }
    }

    /// <summary>An object. EINVAL for a stale, foreign or guessed handle.</summary>
    internal Errno Find(VerbsObjectKind kind, uint handle, out VerbsObject found)
    {
        lock (_lock)
            found = (handle < _objects.Count ? _objects[(int)handle] : null)!;
        return found is not null && found.Kind == kind ? Errno.None : Errno.EINVAL;
    }

    /// <summary>Claims an object for its end. False when another thread ends it already.</summary>
    internal bool TryBeginEnd(VerbsObject ended)
    {
        lock (_lock)
            return ended.Handle < _objects.Count && _objects[(int)ended.Handle] == ended && _ending.Add(ended);
    }

    /// <summary>After a claim: the object is gone, or stays.</summary>
    internal void FinishEnd(VerbsObject ended, bool isGone)
    {
        lock (_lock)
        {
            _ending.Remove(ended);
            if (!isGone)
                return;
            _objects[(int)ended.Handle] = null;
            _free.Push(ended.Handle);
        }
    }

    /// <summary>Empties the table.</summary>
    internal List<VerbsObject> TakeAll()
    {
        List<VerbsObject> all = [];
        lock (_lock)
        {
            foreach (VerbsObject? found in _objects)
                if (found is not null)
                    all.Add(found);
            _objects.Clear();
            _objects.Add(null);
            _free.Clear();
            _ending.Clear();
        }
        return all;
    }
}
