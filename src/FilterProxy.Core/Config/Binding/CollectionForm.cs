using System.Collections;
using System.Collections.ObjectModel;

namespace FilterProxy.Core.Config.Binding;

/// <summary>Makes the collections that properties ask for.</summary>
internal static class CollectionForm
{
    /// <summary>The item type of a list or set; null for other types.</summary>
    public static Type? ItemOf(Type type)
    {
        if (type.IsArray)
        {
            return type.GetArrayRank() == 1 ? type.GetElementType() : null;
        }

        return type.IsGenericType && (IsList(type) || IsSet(type)) ? type.GetGenericArguments()[0] : null;
    }

    /// <summary>The key and value types of a dictionary; null for other types.</summary>
    public static (Type Key, Type Value)? EntryOf(Type type)
    {
        if (!type.IsGenericType)
        {
            return null;
        }

        var definition = type.GetGenericTypeDefinition();
        return definition == typeof(IReadOnlyDictionary<,>) || definition == typeof(IDictionary<,>) || definition == typeof(Dictionary<,>)
            ? (type.GetGenericArguments()[0], type.GetGenericArguments()[1])
            : null;
    }

    public static object MakeList(Type type, Type item, IReadOnlyList<object?> items)
    {
        if (type.IsArray)
        {
            var array = Array.CreateInstance(item, items.Count);
            ((ICollection)items.ToArray()).CopyTo(array, 0);
            return array;
        }

        if (IsSet(type))
        {
            return FillSet(typeof(HashSet<>).MakeGenericType(item), items);
        }

        // The same empty list as a property's default `[]`, so that both compare equal.
        if (items.Count == 0 && IsReadOnlyList(type))
        {
            return typeof(Array).GetMethod(nameof(Array.Empty))!.MakeGenericMethod(item).Invoke(null, null)!;
        }

        var list = (IList)Activator.CreateInstance(typeof(ConfigList<>).MakeGenericType(item))!;
        foreach (var value in items)
        {
            list.Add(value);
        }

        return list;
    }

    public static object MakeDictionary(Type type, Type key, Type value, IReadOnlyList<(object Key, object? Value)> entries)
    {
        if (entries.Count == 0 && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
        {
            return typeof(ReadOnlyDictionary<,>).MakeGenericType(key, value).GetProperty("Empty")!.GetValue(null)!;
        }

        var dictionary = (IDictionary)Activator.CreateInstance(typeof(ConfigDictionary<,>).MakeGenericType(key, value))!;
        foreach (var entry in entries)
        {
            dictionary[entry.Key] = entry.Value;
        }

        return dictionary;
    }

    private static object FillSet(Type type, IReadOnlyList<object?> items)
    {
        var set = Activator.CreateInstance(type)!;
        var add = type.GetMethod("Add")!;
        foreach (var item in items)
        {
            add.Invoke(set, [item]);
        }

        return set;
    }

    private static bool IsReadOnlyList(Type type)
    {
        var definition = type.GetGenericTypeDefinition();
        return definition == typeof(IReadOnlyList<>) || definition == typeof(IReadOnlyCollection<>) || definition == typeof(IEnumerable<>);
    }

    private static bool IsList(Type type)
    {
        var definition = type.GetGenericTypeDefinition();
        return IsReadOnlyList(type) || definition == typeof(List<>) || definition == typeof(IList<>) || definition == typeof(ICollection<>);
    }

    private static bool IsSet(Type type)
    {
        var definition = type.GetGenericTypeDefinition();
        return definition == typeof(IReadOnlySet<>) || definition == typeof(ISet<>) || definition == typeof(HashSet<>);
    }
}
