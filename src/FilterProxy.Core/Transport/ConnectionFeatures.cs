using System.Collections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Core.Transport;

/// <summary>
/// The features of a connection: a handful, in an array that is searched from the front. A dictionary of the same is three times as large,
/// and every idle connection has one.
/// </summary>
/// <param name="socket">The one that is there from the start, and takes no room.</param>
internal sealed class ConnectionFeatures(IConnectionSocketFeature socket) : IFeatureCollection
{
    // What Kestrel puts on a connection.
    private const int InitialRoom = 4;
    private (Type Key, object Feature)[] _entries = [];
    private IConnectionSocketFeature? _socket = socket;
    private int _count;

    public bool IsReadOnly => false;

    public int Revision { get; private set; }

    public object? this[Type key]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(key);
            return key == typeof(IConnectionSocketFeature) ? _socket
                : IndexOf(key) is >= 0 and var index ? _entries[index].Feature
                : null;
        }

        set
        {
            ArgumentNullException.ThrowIfNull(key);
            Revision++;
            if (key == typeof(IConnectionSocketFeature))
            {
                _socket = (IConnectionSocketFeature?)value;
                return;
            }

            var index = IndexOf(key);
            if (value is null)
            {
                Remove(index);
            }
            else if (index >= 0)
            {
                _entries[index].Feature = value;
            }
            else
            {
                Add(key, value);
            }
        }
    }

    public TFeature? Get<TFeature>() => this[typeof(TFeature)] is TFeature feature ? feature : default;

    public void Set<TFeature>(TFeature? instance) => this[typeof(TFeature)] = instance;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator()
    {
        for (var i = 0; i < _count; i++)
        {
            yield return new(_entries[i].Key, _entries[i].Feature);
        }

        if (_socket is not null)
        {
            yield return new(typeof(IConnectionSocketFeature), _socket);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private int IndexOf(Type key)
    {
        for (var i = 0; i < _count; i++)
        {
            if (_entries[i].Key == key)
            {
                return i;
            }
        }

        return -1;
    }

    private void Add(Type key, object value)
    {
        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, Math.Max(InitialRoom, _count * 2));
        }

        _entries[_count++] = (key, value);
    }

    private void Remove(int index)
    {
        if (index >= 0)
        {
            _entries.AsSpan(index + 1, --_count - index).CopyTo(_entries.AsSpan(index));
            _entries[_count] = default;
        }
    }
}
