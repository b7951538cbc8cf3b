using System.Collections;
using System.Text.Json;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Schema;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Explain;

/// <summary>
/// A whole configuration as JSON that anybody may see: what was written, all files merged, with the defaults of what was not, secrets
/// masked. Options of components are shown as written.
/// </summary>
/// <param name="writer">Where it goes.</param>
/// <param name="rules">What is masked.</param>
internal sealed class ConfigDump(Utf8JsonWriter writer, SecretRules rules)
{
    private static readonly Type[] WrittenAsTheyAre = [typeof(ComponentConfig), typeof(PluginConfig), typeof(EndpointsConfig)];

    public static void Write(Utf8JsonWriter writer, CompiledConfig compiled)
    {
        var rules = SecretRules.Of(compiled.Components.Select(component => component.Descriptor));
        new ConfigDump(writer, rules).WriteRecord(compiled.Config.Written.Root, typeof(ProxyConfig), false, compiled.Config);
    }

    private void WriteRecord(ConfigMapping? mapping, Type type, bool isSecret, ProxyConfig? whole = null)
    {
        var defaults = Activator.CreateInstance(type)!;
        writer.WriteStartObject();
        foreach (var property in ObjectPlan.Of(type)!.Properties)
        {
            writer.WritePropertyName(property.Key);
            var secret = isSecret || rules.IsSecret(property.Key);
            if (mapping?.Find(property.Key)?.Value is not { } node)
            {
                WriteDefault(property.Info.GetValue(defaults), property.Type);
            }
            else if (whole is not null && property.Name == nameof(ProxyConfig.Routes) && node is ConfigSequence routes)
            {
                WriteRoutes(routes, whole);
            }
            else
            {
                WriteValue(node, property.Type, secret);
            }
        }

        writer.WriteEndObject();
    }

    private void WriteRoutes(ConfigSequence routes, ProxyConfig whole)
    {
        writer.WriteStartArray();
        foreach (var (node, route) in routes.Items.Zip(whole.Routes))
        {
            // One that was given no name has one all the same.
            var named = node is ConfigMapping mapping && mapping.Find("name") is null ? mapping.With("name", new ConfigScalar(node.Location, route.Name)) : node;
            WriteValue(named, typeof(RouteConfig), false);
        }

        writer.WriteEndArray();
    }

    private void WriteValue(ConfigNode node, Type type, bool isSecret)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        switch (node)
        {
            case ConfigScalar scalar:
                WriteScalar(scalar, target, isSecret);
                break;
            case ConfigSequence sequence when CollectionForm.ItemOf(target) is { } item:
                writer.WriteStartArray();
                foreach (var element in sequence.Items)
                {
                    WriteValue(element, item, isSecret);
                }

                writer.WriteEndArray();
                break;
            case ConfigMapping mapping when CollectionForm.EntryOf(target) is var (_, held):
                writer.WriteStartObject();
                foreach (var entry in mapping.Entries)
                {
                    writer.WritePropertyName(entry.Name);
                    // What the operator calls a listener or a cluster tells nothing.
                    WriteValue(entry.Value, held, isSecret || (held != typeof(ListenerConfig) && held != typeof(ClusterConfig) && rules.IsSecret(entry.Name)));
                }

                writer.WriteEndObject();
                break;
            case ConfigMapping mapping when target == typeof(ComponentConfig):
                // Its name is nobody's secret, whatever it is called.
                writer.WriteStartObject();
                foreach (var entry in mapping.Entries)
                {
                    writer.WritePropertyName(entry.Name);
                    WriteNode(entry.Value, isSecret);
                }

                writer.WriteEndObject();
                break;
            case ConfigMapping mapping when IsRecord(target):
                WriteRecord(mapping, target, isSecret);
                break;
            default:
                WriteNode(node, isSecret);
                break;
        }
    }

    // Of components and free forms: only the names of keys tell what is secret.
    private void WriteNode(ConfigNode node, bool isSecret)
    {
        switch (node)
        {
            case ConfigMapping mapping:
                writer.WriteStartObject();
                foreach (var entry in mapping.Entries)
                {
                    writer.WritePropertyName(entry.Name);
                    WriteNode(entry.Value, isSecret || rules.IsSecret(entry.Name) || (entry.Name == "value" && rules.IsSecretPair(mapping)));
                }

                writer.WriteEndObject();
                break;
            case ConfigSequence sequence:
                writer.WriteStartArray();
                foreach (var item in sequence.Items)
                {
                    WriteNode(item, isSecret);
                }

                writer.WriteEndArray();
                break;
            case ConfigScalar scalar:
                WriteScalar(scalar, typeof(string), isSecret);
                break;
            default:
                // Made by code: nobody knows what is in it.
                writer.WriteStringValue(SecretRules.Mask);
                break;
        }
    }

    private void WriteScalar(ConfigScalar scalar, Type type, bool isSecret)
    {
        object? value = null;
        if (scalar.IsNull)
        {
            writer.WriteNullValue();
        }
        else if (isSecret || scalar.Written != scalar.Text || ScalarForm.Of(type)?.Parse(scalar.Text, out value, out _) != true || !TryWriteNumber(value))
        {
            writer.WriteStringValue(SecretRules.Show(scalar, isSecret));
        }
    }

    private void WriteDefault(object? value, Type type)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case not string and IEnumerable items when CollectionForm.ItemOf(type) is not null:
                writer.WriteStartArray();
                foreach (var item in items)
                {
                    WriteDefault(item, item?.GetType() ?? typeof(object));
                }

                writer.WriteEndArray();
                break;
            case not string and IEnumerable when CollectionForm.EntryOf(type) is not null:
                writer.WriteStartObject();
                writer.WriteEndObject();
                break;
            default:
                if (!TryWriteNumber(value))
                {
                    WriteOther(value);
                }

                break;
        }
    }

    private void WriteOther(object value)
    {
        if (OptionDescription.Format(value) is { } text)
        {
            writer.WriteStringValue(text);
        }
        else if (IsRecord(value.GetType()))
        {
            WriteRecord(null, value.GetType(), false);
        }
        else
        {
            writer.WriteNullValue();
        }
    }

    private bool TryWriteNumber(object? value)
    {
        switch (value)
        {
            case bool flag:
                writer.WriteBooleanValue(flag);
                return true;
            case int number:
                writer.WriteNumberValue(number);
                return true;
            case long number:
                writer.WriteNumberValue(number);
                return true;
            case double number:
                writer.WriteNumberValue(number);
                return true;
            default:
                return false;
        }
    }

    private static bool IsRecord(Type type) =>
        !WrittenAsTheyAre.Contains(type) && !type.IsValueType && ObjectPlan.Of(type) is { Properties.Count: > 0 };
}
