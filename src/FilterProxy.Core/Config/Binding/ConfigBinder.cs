using System.Globalization;
using System.Reflection;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Binding;

/// <summary>
/// Turns nodes into records, strictly: what is unknown, missing or of the wrong kind is an error at its place, and one error does not
/// hide another. What could not be bound keeps its default, so that the rest can still be checked.
/// </summary>
internal sealed class ConfigBinder(ConfigErrors errors, BindingPlaces? places = null)
{
    /// <summary>
    /// Binds a component's options to the type its class declares; null when there were errors.
    /// </summary>
    /// <param name="type">The options record, in the engine or in a plugin.</param>
    /// <param name="options">What was written, or null for a bare name.</param>
    /// <param name="owner">What messages call the component, e.g. <c>rate_limit</c>.</param>
    /// <param name="location">Where the component is written: the place of what is missing from a bare name.</param>
    /// <param name="errors">Takes what is wrong.</param>
    public static object? BindOptions(Type type, ConfigNode? options, string owner, SourceLocation location, ConfigErrors errors)
    {
        if (options is ConfigInstance instance)
        {
            return TakeOptions(type, instance, owner, errors);
        }

        var value = new ConfigBinder(errors).Bind(options ?? new ConfigMapping(location, []), type, owner, out var bound);
        return bound ? value : null;
    }

    // Made by code, they keep to the same rules.
    private static object? TakeOptions(Type type, ConfigInstance options, string owner, ConfigErrors errors)
    {
        if (!type.IsInstanceOfType(options.Value))
        {
            errors.Add(options.Location, $"expected options of type {type.Name} for {owner}, got {options.Description}");
            return null;
        }

        var valid = ObjectPlan.Of(type) is not { } plan || OptionRules.Check(options.Value, new ConfigMapping(options.Location, []), plan, errors);
        return valid ? options.Value : null;
    }

    /// <summary>Binds a node. The value may be there without being fully bound: then it is good for further checks only.</summary>
    public object? Bind(ConfigNode node, Type type, string path, out bool bound)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        if (ModelForms.Find(target) is { } form)
        {
            var value = form(this, node, path, out bound);
            if (value is not null)
            {
                places?.Record(value, node);
            }

            return value;
        }

        if (CollectionForm.EntryOf(target) is var (key, item))
        {
            return BindDictionary(node, target, key, item, path, out bound);
        }

        if (CollectionForm.ItemOf(target) is { } element)
        {
            return BindList(node, target, element, path, out bound);
        }

        var scalarForm = ScalarForm.Of(target);
        if (scalarForm is not null && (node is ConfigScalar || target.IsValueType || ObjectPlan.Of(target) is not { Properties.Count: > 0 }))
        {
            return BindScalar(node, scalarForm, out bound);
        }

        return BindObject(node, target, path, out bound);
    }

    /// <summary>Reports that a node is of the wrong kind.</summary>
    public void Expected(ConfigNode node, string expected, string? hint = null) =>
        errors.Add(node.Location, $"expected {expected}, got {node.Description}", hint);

    /// <summary>Reports anything else about a node.</summary>
    public void Refuse(SourceLocation location, string message, string? hint = null) => errors.Add(location, message, hint);

    /// <summary>Binds the keys of a mapping to the properties of a record that is made already.</summary>
    public bool BindProperties(object instance, ConfigMapping mapping, ObjectPlan plan, string path)
    {
        places?.Record(instance, mapping);
        var bound = ReportUnknown(mapping, plan, path);
        foreach (var property in plan.Properties)
        {
            var node = mapping.Find(property.Key)?.Value;
            if (node is null && property.IsRequired)
            {
                var owner = path.Length == 0 ? "" : $" of {path}";
                errors.Add(mapping.Location, $"missing option '{property.Key}'{owner}");
            }

            if (node is null ? property.IsRequired : !BindProperty(instance, property, node, path))
            {
                places?.RecordFailure(instance, property.Name);
                bound = false;
            }
        }

        return bound && OptionRules.Check(instance, mapping, plan, errors);
    }

    private bool ReportUnknown(ConfigMapping mapping, ObjectPlan plan, string path)
    {
        var known = true;
        foreach (var entry in mapping.Entries)
        {
            if (plan.Find(entry.Name) is null)
            {
                known = false;
                var message = path.Length == 0 ? $"unknown option '{entry.Name}'" : $"unknown option '{entry.Name}' of {path}";
                errors.Add(entry.Location, message, DidYouMean.Hint(entry.Name, plan.Keys, "options"));
            }
        }

        return known;
    }

    private bool BindProperty(object instance, ObjectPlan.Property property, ConfigNode node, string path)
    {
        object? value = null;
        var bound = true;
        if (!IsNull(property, node))
        {
            value = Bind(node, property.Type, Join(path, property.Key), out bound);
            if (value is null)
            {
                return false;
            }
        }

        try
        {
            property.Info.SetValue(instance, value);
            return bound;
        }
        catch (TargetInvocationException exception)
        {
            errors.Add(node.Location, exception.InnerException!.Message);
            return false;
        }
    }

    private static bool IsNull(ObjectPlan.Property property, ConfigNode node)
    {
        if (node is not ConfigScalar scalar)
        {
            return false;
        }

        var underlying = Nullable.GetUnderlyingType(property.Type);
        return scalar switch
        {
            // Nothing below the key of a record or a list is not "none": it is what remains when its lines are commented out.
            { IsNull: true } => property.IsNullable && ScalarForm.Of(underlying ?? property.Type) is not null,
            { IsOff: true } => property.OffIsNull
                || (underlying is { IsEnum: false } && underlying != typeof(bool) && underlying != typeof(TimeSpan)),
            _ => false,
        };
    }

    private object? BindScalar(ConfigNode node, ScalarForm form, out bool bound)
    {
        bound = false;
        if (node is not ConfigScalar { IsNull: false } scalar)
        {
            Expected(node, form.Expected);
            return null;
        }

        bound = form.Parse(scalar.Text, out var value, out var error);
        if (!bound)
        {
            errors.Add(node.Location, scalar.IsSecret ? $"expected {form.Expected}, got {scalar.Description}" : error);
            return null;
        }

        if (value is not string and not ValueType)
        {
            places?.Record(value!, node);
        }

        return value;
    }

    private object? BindList(ConfigNode node, Type type, Type element, string path, out bool bound)
    {
        bound = true;
        var items = new List<object?>();
        switch (node)
        {
            case ConfigScalar { IsNull: true }:
                break;
            case ConfigSequence sequence:
                for (var i = 0; i < sequence.Items.Count; i++)
                {
                    var item = Bind(sequence.Items[i], element, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), out var itemBound);
                    bound &= itemBound;
                    if (item is not null)
                    {
                        items.Add(item);
                    }
                }

                break;
            case ConfigScalar when ScalarForm.Of(element) is not null || ModelForms.Find(element) is not null:
                if (Bind(node, element, path, out bound) is { } single)
                {
                    items.Add(single);
                }

                break;
            default:
                Expected(node, "a list", node is ConfigMapping ? "begin each item with '- '" : null);
                bound = false;
                return null;
        }

        return CollectionForm.MakeList(type, element, items);
    }

    private object? BindDictionary(ConfigNode node, Type type, Type keyType, Type valueType, string path, out bool bound)
    {
        bound = true;
        var entries = new List<(object, object?)>();
        if (node is ConfigMapping mapping && ScalarForm.Of(keyType) is { } keyForm)
        {
            foreach (var entry in mapping.Entries)
            {
                if (!keyForm.Parse(entry.Name, out var key, out var error))
                {
                    errors.Add(entry.Location, error);
                    bound = false;
                }

                var value = Bind(entry.Value, valueType, Join(path, entry.Name), out var valueBound);
                bound &= valueBound;
                if (key is not null && value is not null)
                {
                    entries.Add((key, value));
                }
            }
        }
        else if (node is not ConfigScalar { IsNull: true })
        {
            Expected(node, "a mapping");
            bound = false;
            return null;
        }

        return CollectionForm.MakeDictionary(type, keyType, valueType, entries);
    }

    private object? BindObject(ConfigNode node, Type type, string path, out bool bound)
    {
        bound = false;
        if (ObjectPlan.Of(type) is not { } plan)
        {
            errors.Add(node.Location, $"{path} has an option type that cannot be configured: {type.Name}");
            return null;
        }

        if (node is ConfigScalar { IsNull: true })
        {
            errors.Add(node.Location, "expected options, got nothing", "write {} for the defaults");
            return null;
        }

        if (node is not ConfigMapping mapping)
        {
            Expected(node, "a mapping of options");
            return null;
        }

        try
        {
            var instance = Activator.CreateInstance(type)!;
            bound = BindProperties(instance, mapping, plan, path);
            return instance;
        }
        catch (TargetInvocationException exception)
        {
            errors.Add(node.Location, $"{path} refuses to be made: {exception.InnerException!.Message}");
            return null;
        }
    }

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}
