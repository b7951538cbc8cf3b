using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FilterProxy.Core.Config.Binding;

/// <summary>How a record or class is written as a mapping: its properties by key. Made once per type.</summary>
internal sealed class ObjectPlan
{
    // Weak, so that an unloadable plugin's types can go.
    private static readonly ConditionalWeakTable<Type, ObjectPlan> Plans = [];

    private ObjectPlan(Type type)
    {
        var nullability = new NullabilityInfoContext();
        Properties = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.SetMethod is { IsPublic: true } && property.GetIndexParameters().Length == 0)
            .Select(property => new Property(property, nullability.Create(property).WriteState == NullabilityState.Nullable))];
        Keys = [.. Properties.Select(property => property.Key)];
    }

    public IReadOnlyList<Property> Properties { get; }

    public IReadOnlyList<string> Keys { get; }

    /// <summary>The plan of a type that can be made without arguments; null for any other.</summary>
    public static ObjectPlan? Of(Type type)
    {
        var makeable = !type.IsAbstract && !type.IsPrimitive && type != typeof(string)
            && (type.IsValueType || type.GetConstructor(BindingFlags.Public | BindingFlags.Instance, Type.EmptyTypes) is not null);
        return makeable ? Plans.GetValue(type, static type => new ObjectPlan(type)) : null;
    }

    public Property? Find(string key) => Properties.FirstOrDefault(property => property.Key == key);

    /// <summary>One property and its key.</summary>
    internal sealed class Property(PropertyInfo info, bool nullable)
    {
        public PropertyInfo Info { get; } = info;

        public string Name { get; } = info.Name;

        public string Key { get; } =
            info.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(info.Name);

        public Type Type { get; } = info.PropertyType;

        /// <summary>Whether null may be written to it.</summary>
        public bool IsNullable { get; } = nullable;

        public bool IsRequired { get; } = info.IsDefined(typeof(RequiredMemberAttribute));

        public bool OffIsNull { get; } = info.IsDefined(typeof(OffIsNullAttribute));

        public IReadOnlyList<ValidationAttribute> Rules { get; } = [.. info.GetCustomAttributes<ValidationAttribute>()];
    }
}
