using System.Globalization;
using System.Net;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace FilterProxy.Core.Config.Binding;

/// <summary>How a type is written as a single value.</summary>
/// <param name="expected">What messages ask for, e.g. <c>a duration like '250ms'</c>.</param>
/// <param name="parse">Reads it; the message of a failure names the text.</param>
internal sealed class ScalarForm(string expected, ScalarForm.Parser parse)
{
    // Weak, so that an unloadable plugin's types can go.
    private static readonly ConditionalWeakTable<Type, ScalarForm> Forms = BuiltIn();

    /// <summary>Reads a text into a value, or says what is wrong with it.</summary>
    public delegate bool Parser(string text, out object? value, out string error);

    public string Expected => expected;

    public Parser Parse => parse;

    /// <summary>The form of a type that has one: built in, an enum, or a type that can parse itself.</summary>
    public static ScalarForm? Of(Type type)
    {
        if (Forms.TryGetValue(type, out var known))
        {
            return known;
        }

        var made = type.IsEnum ? OfEnum(type) : OfTryParse(type) ?? OfParsable(type);
        return made is null ? null : Forms.GetValue(type, _ => made);
    }

    private static ConditionalWeakTable<Type, ScalarForm> BuiltIn()
    {
        var forms = new ConditionalWeakTable<Type, ScalarForm>
        {
            { typeof(string), new("a text", Text) },
            { typeof(bool), new("true or false", Bool) },
            { typeof(TimeSpan), new(DurationText.Expected, Own<TimeSpan>(DurationText.TryParse)) },
            { typeof(IPNetwork), new(NetworkText.Expected, Own<IPNetwork>(NetworkText.TryParse)) },
            { typeof(IPAddress), new("an IP address like '10.0.0.1'", Address) },
            { typeof(Uri), new("a URL like 'https://example.com/'", Url) },
            { typeof(ByteSize), new("a size like '64KiB'", Own<ByteSize>(ByteSize.TryParse)) },
        };
        AddNumber<byte>(forms);
        AddNumber<short>(forms);
        AddNumber<ushort>(forms);
        AddNumber<int>(forms);
        AddNumber<uint>(forms);
        AddNumber<long>(forms);
        AddNumber<ulong>(forms);
        AddNumber<float>(forms);
        AddNumber<double>(forms);
        AddNumber<decimal>(forms);
        return forms;
    }

    private static bool Text(string text, out object? value, out string error)
    {
        (value, error) = (text, "");
        return true;
    }

    private static bool Bool(string text, out object? value, out string error)
    {
        (value, error) = (text is "true" or "on" or "yes", "");
        if (value is true || text is "false" or "off" or "no")
        {
            return true;
        }

        error = $"expected true or false, got '{text}'";
        return false;
    }

    private static bool Address(string text, out object? value, out string error)
    {
        var parsed = NetworkText.TryParseAddress(text, out var address);
        (value, error) = (address, parsed ? "" : $"expected an IP address like '10.0.0.1', got '{text}'");
        return parsed;
    }

    private static bool Url(string text, out object? value, out string error)
    {
        // "/path" is an absolute file URI on Unix; nobody means that.
        var parsed = Uri.TryCreate(text, UriKind.Absolute, out var uri) && text.Contains(':', StringComparison.Ordinal);
        (value, error) = (uri, parsed ? "" : $"expected a URL like 'https://example.com/', got '{text}'");
        return parsed;
    }

    private delegate bool Parsing<T>(string text, out T value, out string error);

    private static Parser Own<T>(Parsing<T> parse) => (string text, out object? value, out string error) =>
    {
        var parsed = parse(text, out var result, out error);
        value = result;
        return parsed;
    };

    private static void AddNumber<T>(ConditionalWeakTable<Type, ScalarForm> forms)
        where T : struct, System.Numerics.INumber<T>, System.Numerics.IMinMaxValue<T>
    {
        var whole = T.IsInteger(T.One / (T.One + T.One)) && T.Zero == T.One / (T.One + T.One);
        var expected = whole ? "a whole number" : "a number";
        var style = whole
            ? NumberStyles.AllowLeadingSign
            : NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        forms.Add(typeof(T), new(expected, (string text, out object? value, out string error) =>
        {
            var parsed = T.TryParse(text, style, CultureInfo.InvariantCulture, out var number) && T.IsFinite(number);
            value = number;
            var outOfRange = whole && decimal.TryParse(text, style, CultureInfo.InvariantCulture, out _);
            error = parsed ? ""
                : outOfRange ? string.Create(CultureInfo.InvariantCulture, $"'{text}' is not between {T.MinValue} and {T.MaxValue}")
                : $"expected {expected}, got '{text}'";
            return parsed;
        }));
    }

    private static ScalarForm OfEnum(Type type)
    {
        var values = Enum.GetNames(type)
            .ToDictionary(JsonNamingPolicy.SnakeCaseLower.ConvertName, name => Enum.Parse(type, name), StringComparer.Ordinal);
        var expected = $"one of {string.Join(", ", values.Keys)}";
        return new(expected, (string text, out object? value, out string error) =>
        {
            var nearest = DidYouMean.Nearest(text, values.Keys);
            error = nearest is null ? $"expected {expected}, got '{text}'" : $"expected {expected}, got '{text}' (did you mean '{nearest}'?)";
            return values.TryGetValue(text, out value);
        });
    }

    // public static bool TryParse(string text, out T value, out string error)
    private static ScalarForm? OfTryParse(Type type)
    {
        var method = type.GetMethod(
            "TryParse", BindingFlags.Public | BindingFlags.Static, [typeof(string), type.MakeByRefType(), typeof(string).MakeByRefType()]);
        return method is null ? null : new("a text", (string text, out object? value, out string error) =>
        {
            object?[] arguments = [text, null, null];
            var parsed = Call(method, arguments, out error) && error.Length == 0;
            value = parsed ? arguments[1] : null;
            error = parsed ? "" : error.Length > 0 ? error : arguments[2] as string ?? $"'{text}' is not valid here";
            return parsed;
        });
    }

    private static ScalarForm? OfParsable(Type type)
    {
        if (!type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IParsable<>)))
        {
            return null;
        }

        var method = type.GetInterfaceMap(typeof(IParsable<>).MakeGenericType(type)).TargetMethods.First(m => m.ReturnType == typeof(bool));
        var words = JsonNamingPolicy.SnakeCaseLower.ConvertName(type.Name).Replace('_', ' ');
        return new($"a {words}", (string text, out object? value, out string error) =>
        {
            object?[] arguments = [text, CultureInfo.InvariantCulture, null];
            var parsed = Call(method, arguments, out error);
            value = parsed ? arguments[2] : null;
            error = parsed || error.Length > 0 ? error : $"'{text}' is not a valid {words}";
            return parsed;
        });
    }

    // What foreign code throws is an error of the text, never ours.
    private static bool Call(MethodInfo method, object?[] arguments, out string error)
    {
        try
        {
            error = "";
            return (bool)method.Invoke(null, arguments)!;
        }
        catch (TargetInvocationException exception)
        {
            error = exception.InnerException!.Message;
            return false;
        }
    }
}
