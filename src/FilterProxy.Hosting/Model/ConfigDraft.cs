using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Hosting.Model;

/// <summary>A mapping that code fills in, key by key.</summary>
internal sealed class ConfigDraft
{
    private readonly List<KeyValuePair<string, object?>> _entries = [];

    /// <summary>Whether nothing was written.</summary>
    public bool IsEmpty => _entries.Count == 0;

    /// <summary>A component with its options as it stands in a list of components. Options that are an object of a named type stay one.</summary>
    public static ConfigDraft ComponentOf(string name, object? options)
    {
        var component = new ConfigDraft();
        component.SetKey(name, options is null || ConfigValue.IsWritten(options) ? options : new ReadyOptions(options));
        return component;
    }

    /// <summary>Writes a value; dots in the key lead to mappings within.</summary>
    public void Set(string key, object? value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        var dot = key.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
        {
            SetKey(key, value);
        }
        else
        {
            Child(key[..dot]).Set(key[(dot + 1)..], value);
        }
    }

    /// <summary>Writes a value under a key that may hold dots. A mapping is laid over the one that is there.</summary>
    public void SetKey(string key, object? value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (value is not null && ConfigValue.EntriesOf(value) is { } entries)
        {
            var child = Child(key);
            foreach (var (name, item) in entries)
            {
                child.SetKey(name, item);
            }

            return;
        }

        _entries.RemoveAll(entry => entry.Key == key);
        _entries.Add(new(key, value));
    }

    /// <summary>The mapping under a key; made when there is none.</summary>
    public ConfigDraft Child(string key) => Get(key, static () => new ConfigDraft());

    /// <summary>A new mapping under a name.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public ConfigDraft Named(string key, string name)
    {
        var children = Child(key);
        return children._entries.Exists(entry => entry.Key == name)
            ? throw new ArgumentException($"'{name}' is in {key} already.", nameof(name))
            : children.Child(name);
    }

    /// <summary>A new mapping at the end of the list under a key.</summary>
    public ConfigDraft Item(string key)
    {
        var item = new ConfigDraft();
        Get(key, static () => new List<object?>()).Add(item);
        return item;
    }

    /// <summary>Puts a component at the end of the list under a key.</summary>
    public void Component(string key, string name, object? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Get(key, static () => new List<object?>()).Add(ComponentOf(name, options));
    }

    /// <summary>The tree of it.</summary>
    /// <param name="path">Where it stands, for messages.</param>
    public ConfigMapping ToTree(string path) => ConfigValue.MappingOf(_entries, path);

    private T Get<T>(string key, Func<T> create)
        where T : class
    {
        if (_entries.FirstOrDefault(entry => entry.Key == key).Value is T there)
        {
            return there;
        }

        var made = create();
        SetKey(key, made);
        return made;
    }
}
