using System.Globalization;
using System.Text;

namespace FilterProxy.Filters.Tests.Waf.Detection;

/// <summary>Fills templates: {kind} becomes a word of that kind, drawn from one seeded source.</summary>
internal sealed class BenignWords(Random random)
{
    private static readonly Dictionary<string, string[]> Lists = new()
    {
        ["first"] = [
            "Maeve", "Sean", "Jean-Luc", "Aoife", "T'Pau", "N'Golo", "Zoë", "Björn", "Siobhán", "Ali", "Fatima", "Ng", "José", "Anne-Marie",
            "De'Andre", "Mickey",
        ],
        ["last"] = [
            "O'Brien", "O'Neill", "D'Angelo", "M'Bappe", "O'Reilly-Smith", "Van 't Hoff", "d'Artagnan", "L'Hôpital", "Müller", "Nuñez", "Or",
            "Union", "Select", "Null", "Drop", "Ó Súilleabháin", "St. John", "Hammer & Sons",
        ],
        ["noun"] = [
            "garden", "order", "table", "column", "union", "index", "group", "user's account", "kids' room", "view", "trigger", "schedule",
            "dogs' home", "value", "field", "report", "invoice", "database", "select committee", "drop zone", "where clause", "function",
            "procedure", "case", "limit", "login page", "password",
        ],
        ["verb"] = [
            "select", "update", "delete", "insert", "drop", "create", "join", "group", "order", "alter", "replace", "execute", "call", "load",
            "show", "grant", "declare", "merge", "fetch", "like", "set", "exclude", "cast", "sleep on", "benchmark",
        ],
        ["adj"] = [
            "distinct", "null", "all", "top", "true", "first", "open", "left", "right", "primary", "foreign", "unique", "temporary", "outer",
            "inner", "cross", "ten o'clock", "user's", "15\"", "6'",
        ],
        ["name"] = ["x", "y", "total", "user_id", "count", "name", "item", "row", "data", "value", "i", "n", "key", "result", "s", "buf"],
        ["func"] = [
            "max", "len", "print", "round", "upper", "getUser", "concat", "replace", "format", "length", "substr", "left", "if", "find", "log",
            "sqrt", "sin", "f", "g",
        ],
        ["street"] = [
            "King's Road", "Rue de l'Église", "Hauptstraße", "St. Mary's Ave.", "5th Street", "O'Connell St", "Calle d'en Bosch", "Union Square",
            "Order Lane", "Queen's Gate Mews", "Via dell'Orso",
        ],
        ["city"] = [
            "Coeur d'Alene", "L'Aquila", "'s-Hertogenbosch", "Hawai'i", "Land O'Lakes", "São Paulo", "Zürich", "King's Lynn", "Val-d'Or",
            "Union City", "N'Djamena",
        ],
        ["short"] = [
            "don't", "it's", "we're", "can't", "I'm", "they'd", "won't", "'twas", "o'clock", "y'all", "who's", "'em", "rock 'n' roll",
            "the '90s", "CD's",
        ],
        ["unit"] = ["kg", "%", "°C", "€", "px", "\"", "'", "ml", "x", "k", " hrs", "/h", "#"],
        ["tag"] = ["b", "i", "em", "strong", "p", "u", "code", "blockquote", "h2", "li", "span", "sub", "small", "del"],
        ["mark"] = ["!", "?", "...", " -- ", ";", " :-)", " ;)", "!!", ", ", " (really)", " <3", " /s", " #1", " & co.", " >_<", " *sigh*", " ~"],
        ["op"] = ["+", "-", "*", "/", "=", "<", ">", "<=", ">=", "==", "!=", "&&", "||", "%", "^", "±", "≤"],
        ["lang"] = ["C#", "F#", "C++", "SQL", "PL/SQL", "T-SQL", "JS", "HTML", "VB", "R", "NoSQL", "jQuery"],
    };

    private static readonly string[] Scripts =
    [
        "абвгдежзийклмнопрстуфхцчшщъыьэюя АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩ", "αβγδεζηθικλμνξοπρστυφχψω ΑΒΓΔΕΖΗΘΙΚΛΜ",
        "的一是不了人我在有他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事只作当想看文无开手用主行方又如前所本见经头面公同三已",
        "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをんアイウエオカキクケコ", "ابتثجحخدذرزسشصضطظعغفقكلمنهوي ", "가나다라마바사아자차카타파하고노도로모보소오조초코토포호",
        "אבגדהוזחטיכלמנסעפצקרשת",
        "กขคงจฉชซญดตถทธนบปผฝพฟภมยรลวศสหอ", "😀🎉🚀❤👍🔥✨ ok", "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ szkoła",
    ];

    public string Fill(string[] templates)
    {
        var template = templates[random.Next(templates.Length)];
        var text = new StringBuilder();
        for (var i = 0; i < template.Length; i++)
        {
            var end = template[i] == '{' ? template.IndexOf('}', i) : -1;
            if (end > 0 && Word(template[(i + 1)..end]) is { } word)
            {
                text.Append(word);
                i = end;
            }
            else
            {
                text.Append(template[i]);
            }
        }

        return text.ToString();
    }

    public string OtherScript()
    {
        var letters = Scripts[random.Next(Scripts.Length)].EnumerateRunes().ToArray();
        var text = new StringBuilder();
        for (var word = random.Next(1, 9); word > 0; word--)
        {
            for (var letter = random.Next(1, 10); letter > 0; letter--)
            {
                text.Append(letters[random.Next(letters.Length)].ToString());
            }

            text.Append(random.Next(6) switch { 0 => ", ", 1 => ". ", 2 => $" {random.Next(100)} ", _ => " " });
        }

        return text.ToString();
    }

    private string? Word(string kind) => kind switch
    {
        "n" => random.Next(1, 100).ToString(CultureInfo.InvariantCulture),
        "d" => (random.Next(1, 100000) / 100.0).ToString(CultureInfo.InvariantCulture),
        "hex" => random.Next(0x100000, 0xFFFFFF).ToString("x6", CultureInfo.InvariantCulture),
        "date" => new DateTime(2020, 1, 1).AddDays(random.Next(3000)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        "id" => new Guid(random.Next(), 1, 2, [1, 2, 3, 4, 5, 6, 7, 8]).ToString(),
        _ => Lists.TryGetValue(kind, out var list) ? list[random.Next(list.Length)] : null,
    };
}
